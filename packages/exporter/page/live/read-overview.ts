import type { OverviewData } from '../../src/page/overview-data.ts';
import { DataError } from '../model/model.ts';

/**
 * Decodes the JSON text of an overview.
 *
 * @throws DataError if it is damaged, or of another version
 */
export function readOverview(json: string): OverviewData {
  let data: Partial<OverviewData> | null;
  try {
    data = JSON.parse(json) as Partial<OverviewData> | null;
  } catch (cause) {
    throw new DataError('it is not JSON', { cause });
  }
  if (data?.format !== 'heapray-overview') throw new DataError('it is not an overview of heapray');
  if (data.version !== 1) throw new DataError(`this page reads version 1, not ${data.version}`);
  if (!Array.isArray(data.subjects)) throw new DataError('a part is missing');
  return data as OverviewData;
}

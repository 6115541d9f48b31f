import { type CaptureAmounts, CaptureContents, type CaptureSnapshot } from '@heapray/exporter/memray';
import { encodePprofGzip } from '@heapray/exporter/pprof';
import { ownPackage } from '../../own-package.js';
import { symbolizeProfile } from '../../symbols/symbolize-profile.js';
import { captureChange, captureProfile, type DefaultColumn, mergedProfile } from './capture-profile.js';

/** The data of a profile to make. It can be posted to another thread. */
export interface ProfileJob {
  readonly component: string;
  readonly defaultColumn: DefaultColumn;
  /** Captures of one component: of a process and of the processes it forked. At least one; each has a header. */
  readonly captures: readonly CaptureAtMoment[];
  /** True for a profile of changes. Otherwise `before` is ignored. */
  readonly isChange: boolean;
}

export interface CaptureAtMoment {
  readonly snapshot: CaptureSnapshot;
  /** Amounts at the earlier moment; undefined for a run that had not started then. */
  readonly before?: CaptureAmounts | undefined;
}

/** Makes a profile as gzipped pprof. Native frames are named by the symbol tables on this machine. */
export function makeProfile({
  component,
  defaultColumn,
  captures,
  isChange,
}: ProfileJob): Promise<Uint8Array> {
  const contents = captures.map(({ snapshot }) => CaptureContents.of(snapshot, ownPackage));
  const profiles = contents.map((capture, at) =>
    isChange
      ? captureChange(capture, captures[at]!.before, component, defaultColumn)
      : captureProfile(capture, component, defaultColumn),
  );
  const profile = symbolizeProfile(mergedProfile(contents, profiles), { keepPlaces: true });
  const command = contents[0]?.header?.commandLine.split(' ', 1)[0];
  return encodePprofGzip(profile, { mainBinary: command || 'python' });
}

import type { Attributes } from '@opentelemetry/api';
import type { SiteGroup } from '../../profiler-thread/metrics/site-groups.js';
import {
  ATTR_CODE_COLUMN_NUMBER,
  ATTR_CODE_FILE_PATH,
  ATTR_CODE_FUNCTION_NAME,
  ATTR_CODE_LINE_NUMBER,
  ATTR_COMPONENT,
  ATTR_PACKAGE_NAME,
  ATTR_PACKAGE_VERSION,
} from '../../protocol/semconv.js';

/**
 * Returns the attributes of a call site or group. Leaves out what is summed over and what is unknown, because
 * Prometheus treats an empty label as absent.
 */
export function siteAttributes(group: SiteGroup): Attributes {
  const { functionName, file, packageName, packageVersion, component } = group;
  const { line, column, sharesLine } = group;
  const attributes: Attributes = {};
  if (functionName !== undefined) attributes[ATTR_CODE_FUNCTION_NAME] = functionName;
  if (file !== undefined) attributes[ATTR_CODE_FILE_PATH] = file;
  if (line) attributes[ATTR_CODE_LINE_NUMBER] = line;
  if (column && sharesLine) attributes[ATTR_CODE_COLUMN_NUMBER] = column;
  if (packageName !== undefined) attributes[ATTR_PACKAGE_NAME] = packageName;
  if (packageVersion !== undefined) attributes[ATTR_PACKAGE_VERSION] = packageVersion;
  attributes[ATTR_COMPONENT] = component;
  return attributes;
}

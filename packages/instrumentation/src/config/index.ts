export { checkedOption } from './checked-option.js';
export { nodeConfigInput, workingFolder } from './node-input.js';
export { describeOptions, type OptionDoc } from './option-docs.js';
export { resolveConfig } from './resolve-config.js';
export { attributesIn } from './resource-attributes.js';
export { AIRFLOW_COMPONENTS, checkComponentNames } from './table/component-list.js';
export { ConfigError } from './table/config-error.js';
export type { HostPort } from './table/kinds.js';
export type {
  ConfigInput,
  GroupBy,
  HeaprayOptions,
  MemrayFormat,
  OptionName,
  ResolvedConfig,
  ResolvedOptions,
} from './table/types.js';

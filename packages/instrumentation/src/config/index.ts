export { checkedOption } from './checked-option.js';
export { AIRFLOW_COMPONENTS, checkComponentNames } from './component-list.js';
export { ConfigError } from './config-error.js';
export type { HostPort } from './kinds.js';
export { nodeConfigInput, workingFolder } from './node-input.js';
export { describeOptions, type OptionDoc } from './option-docs.js';
export { resolveConfig } from './resolve-config.js';
export type {
  ConfigInput,
  GroupBy,
  HeaprayOptions,
  MemrayFormat,
  OptionName,
  ResolvedConfig,
  ResolvedOptions,
} from './types.js';

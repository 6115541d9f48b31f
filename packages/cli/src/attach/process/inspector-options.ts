import { nodeOptionsOf } from '../../run/main-script.js';

/** Node's options that concern the inspector of a process. */
export interface InspectorOptions {
  /** Address that the inspector listens on. Port 0 means any free port. */
  readonly host: string;
  readonly port: number;
  /** True if the inspector is open from the start (`--inspect`). */
  readonly isOpen: boolean;
  /** True if Node was started with `--disable-sigusr1`. */
  readonly isSignalDisabled: boolean;
  /** True if Node's permissions forbid the inspector. */
  readonly isForbidden: boolean;
}

const DEFAULT_HOST = '127.0.0.1';
/** Port of the inspector without an option for it. */
export const DEFAULT_PORT = 9229;
const ADDRESS_OPTION = /^--(inspect|inspect-brk|inspect-wait|inspect-port|debug-port)(?:=(.*))?$/;
const NEEDS_VALUE: ReadonlySet<string> = new Set(['inspect-port', 'debug-port']);

/** Returns the options of a command line, the program first, and of `NODE_OPTIONS`. The command line takes precedence. */
export function inspectorOptions(args: readonly string[], nodeOptions: string): InspectorOptions {
  const words = [...nodeOptions.split(/[\s"]+/), ...nodeOptionsOf(args.slice(1))];
  let address: Address = { host: DEFAULT_HOST, port: DEFAULT_PORT };
  let isOpen = false;
  words.forEach((word, at) => {
    const [, name, value] = ADDRESS_OPTION.exec(word) ?? [];
    if (name === undefined) return;
    isOpen ||= !NEEDS_VALUE.has(name);
    const text = value ?? (NEEDS_VALUE.has(name) ? words[at + 1] : undefined);
    if (text !== undefined) address = parseAddress(text, address);
  });
  const isPermission = words.some((word) => /^--(?:experimental-)?permission$/.test(word));
  return {
    ...address,
    isOpen,
    isSignalDisabled: words.includes('--disable-sigusr1'),
    isForbidden: isPermission && !words.includes('--allow-inspector'),
  };
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Parses `PORT`, `HOST` or `HOST:PORT`. Missing parts are those of `known`. */
function parseAddress(text: string, known: Address): Address {
  if (/^\d{1,5}$/.test(text)) return { ...known, port: Number(text) };
  const [, host = text, port] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  return {
    host: host.replace(/^\[|\]$/g, '') || known.host,
    port: port === undefined ? known.port : Number(port),
  };
}

import { Demangler } from './demangler.js';

/** Longest name that is decoded, and most references to earlier parts: each can double the length of the result. */
const MAX_NAME = 2048;
const MAX_REFERENCES = 40;
const MANGLED = /^_{1,4}[ZR]/;
const REFERENCE = /S[\dA-Z]*_|T[\d]*_/g;

/** Null before the first use. */
let demangler: Demangler | undefined | null = null;

/**
 * Returns the readable name of a C++ or Rust function, without parameters and arguments of templates:
 * `_ZN4node26NodeArrayBufferAllocator...` becomes `node::NodeArrayBufferAllocator::Allocate`. Returns other names, and
 * those that cannot be decoded, unchanged.
 */
export function demangled(name: string): string {
  if (!MANGLED.test(name) || name.length > MAX_NAME) return name;
  if ((name.match(REFERENCE)?.length ?? 0) > MAX_REFERENCES) return name;
  if (demangler === null) demangler = Demangler.load();
  if (demangler === undefined) return name;
  try {
    const decoded = demangler.decode(name);
    // It returns what it cannot decode with one underscore less.
    return name.endsWith(decoded) ? name : withoutParameters(decoded);
  } catch {
    // After an error, its memory may be in any state.
    demangler = null;
    return name;
  }
}

/**
 * Returns a function without its parameters and the arguments of templates:
 * `std::vector<int>::push_back(int&) const` becomes `std::vector::push_back`.
 */
function withoutParameters(decoded: string): string {
  let short = '';
  let depth = 0;
  const name = decoded.replaceAll('(anonymous namespace)', ANONYMOUS).replaceAll('operator()', CALL);
  for (const sign of name.replaceAll(/operator(?:<=>|<<=?|>>=?|->\*?|<=?|>=?)/g, hideBrackets)) {
    if (sign === '<' || sign === '(') depth += 1;
    if (depth === 0) short += sign;
    if (sign === '>' || sign === ')') depth -= 1;
  }
  const plain = short
    .replace(/(?: const| volatile|&)+(?= \[|$)/, '')
    .replace(/ \[.*$/, '')
    .replaceAll(ANONYMOUS, '(anonymous)')
    .replaceAll(CALL, 'operator()')
    .replaceAll('\u0002', '<')
    .replaceAll('\u0003', '>')
    .trim();
  return plain === '' ? decoded : plain;
}

const ANONYMOUS = '\u0000';
const CALL = '\u0001';

function hideBrackets(operator: string): string {
  return operator.replaceAll('<', '\u0002').replaceAll('>', '\u0003');
}

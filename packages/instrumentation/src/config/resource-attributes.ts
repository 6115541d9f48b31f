/** Maximum length of an attribute's key and value, in characters, as in OpenTelemetry's SDK. */
const MAX_LENGTH = 255;

/**
 * Returns the attributes in a value of `OTEL_RESOURCE_ATTRIBUTES` (`key=value,key=value`, percent-encoded).
 * As in OpenTelemetry's SDK, the last one of a key wins, and a value with any mistake is ignored as a whole.
 */
export function attributesIn(resourceAttributes: string): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  for (const pair of resourceAttributes.split(',').filter((text) => text.trim() !== '')) {
    const parts = pair.split('=').map((part) => decoded(part.trim()));
    const [key, value] = parts;
    if (parts.length !== 2 || value === undefined || !key) return new Map();
    if (key.length > MAX_LENGTH || value.length > MAX_LENGTH) return new Map();
    attributes.set(key, value);
  }
  return attributes;
}

/** Returns the `service.name` among these attributes; undefined if there is none. */
export function serviceNameIn(resourceAttributes: string): string | undefined {
  return attributesIn(resourceAttributes).get('service.name');
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

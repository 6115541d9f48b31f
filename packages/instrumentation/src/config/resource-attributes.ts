/** Maximum length of an attribute's key and value, in characters, as in OpenTelemetry's SDK. */
const MAX_LENGTH = 255;

/**
 * Returns the `service.name` in a value of `OTEL_RESOURCE_ATTRIBUTES` (`key=value,key=value`,
 * percent-encoded); undefined if there is none. As in OpenTelemetry's SDK, the last one wins, and a value
 * with any mistake is ignored as a whole.
 */
export function serviceNameIn(resourceAttributes: string): string | undefined {
  let name: string | undefined;
  for (const pair of resourceAttributes.split(',').filter((text) => text.trim() !== '')) {
    const parts = pair.split('=').map((part) => decoded(part.trim()));
    const [key, value] = parts;
    if (parts.length !== 2 || value === undefined || !key) return undefined;
    if (key.length > MAX_LENGTH || value.length > MAX_LENGTH) return undefined;
    if (key === 'service.name') name = value;
  }
  return name;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Texts, attributes and listeners of a new element. Text is never read as HTML. */
interface Parts {
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly on?: Readonly<Record<string, (event: Event) => void>>;
}

/** Returns a new element. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  { text, attributes = {}, on = {} }: Parts = {},
  children: readonly Node[] = [],
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  for (const [type, listener] of Object.entries(on)) made.addEventListener(type, listener);
  for (const child of children) made.appendChild(child);
  return made;
}

/** Returns a button. */
export function button(text: string, clicked: () => void, attributes: Readonly<Record<string, string>> = {}) {
  return element('button', { text, attributes: { type: 'button', ...attributes }, on: { click: clicked } });
}

/** Returns a labelled list of choices. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
  changed: (value: string) => void,
): HTMLLabelElement {
  const select = element('select', { on: { change: () => changed(select.value) } });
  for (const [value, text] of options) select.append(element('option', { text, attributes: { value } }));
  select.value = chosen;
  return element('label', { attributes: { class: 'control' } }, [element('span', { text: label }), select]);
}

/** Changes the choices of a list that {@link choice} has made, unless it has the focus: that would close it. */
export function setOptions(
  label: HTMLLabelElement,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
): void {
  const select = label.querySelector('select')!;
  const known = [...select.options].map(({ value, text }) => [value, text]);
  const isSame = JSON.stringify(known) === JSON.stringify(options);
  if (!isSame && select !== document.activeElement) {
    select.replaceChildren(
      ...options.map(([value, text]) => element('option', { text, attributes: { value } })),
    );
  }
  select.value = chosen;
}

/** Returns a labelled check box. */
export function checkbox(label: string, isOn: boolean, changed: (isOn: boolean) => void): HTMLLabelElement {
  const box = element('input', {
    attributes: { type: 'checkbox' },
    on: { change: () => changed(box.checked) },
  });
  box.checked = isOn;
  return element('label', { attributes: { class: 'check' } }, [box, element('span', { text: label })]);
}

/** Copies a text. Resolves to whether the browser allowed it. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Files and plain HTTP have no clipboard in some browsers.
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const area = element('textarea', { attributes: { class: 'offscreen', 'aria-hidden': 'true' } });
  area.value = text;
  document.body.append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } finally {
    area.remove();
  }
}

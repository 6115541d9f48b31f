import type { Labels } from '../../profile/index.js';
import { LABELS_BY_ATTRIBUTE } from '../conventions.js';

/** Names of the attributes for the labels of one profile. A label without a convention keeps its name. */
export class LabelNames {
  readonly #attributes = new Map<string, string>();
  /** Labels that a reader would not expect, by the attributes that stand for them. */
  readonly unusual: ReadonlyMap<string, string>;

  constructor(labelSets: readonly Labels[]) {
    const keys = new Set(labelSets.flatMap((labels) => Object.keys(labels)));
    const unusual = new Map<string, string>();
    for (const [attribute, labels] of LABELS_BY_ATTRIBUTE) {
      // A label that has the name of the attribute already takes precedence.
      const label = [attribute, ...labels].find((key) => keys.has(key));
      if (label === undefined) continue;
      this.#attributes.set(label, attribute);
      if (label !== labels[0]) unusual.set(attribute, label);
    }
    this.unusual = unusual;
  }

  attributeOf(label: string): string {
    return this.#attributes.get(label) ?? label;
  }
}

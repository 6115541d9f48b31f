// Answers of V8's sampler, made of stacks and the ordinals of their samples.
import type { SamplingProfile } from '../../../src/attach/sampling/reading.js';

export interface SampledStack {
  /** Functions, the outermost first, each as `name` or `name url`. */
  readonly frames: readonly string[];
  /** Size of each sample, and the ordinals of the samples. */
  readonly size: number;
  readonly ordinals: readonly number[];
  /** Default: the sum of the samples. */
  readonly selfSize?: number;
}

interface Node {
  readonly callFrame: {
    functionName: string;
    scriptId: string;
    url: string;
    lineNumber: number;
    columnNumber: number;
  };
  selfSize: number;
  readonly id: number;
  readonly children: Node[];
}

/** Numbers nodes in the same way in each profile, as V8 does in one run. */
export class SamplingProfiles {
  readonly #ids: Map<string, number> = new Map();

  profile(stacks: readonly SampledStack[]): SamplingProfile {
    const head = this.#node('(root)', '(root)');
    const samples: { size: number; nodeId: number; ordinal: number }[] = [];
    for (const { frames, size, ordinals, selfSize = size * ordinals.length } of stacks) {
      let at = head;
      let key = '(root)';
      for (const frame of frames) {
        key += `;${frame}`;
        let child = at.children.find(({ id }) => id === this.#ids.get(key));
        if (child === undefined) {
          child = this.#node(key, frame);
          at.children.push(child);
        }
        at = child;
      }
      at.selfSize += selfSize;
      samples.push(...ordinals.map((ordinal) => ({ size, nodeId: at.id, ordinal })));
    }
    return { head, samples };
  }

  #node(key: string, frame: string): Node {
    const id = this.#ids.get(key) ?? this.#ids.size + 1;
    this.#ids.set(key, id);
    const [functionName = '', url = 'file:///srv/app/app.js'] = frame.split(' ');
    const callFrame = { functionName, scriptId: '1', url, lineNumber: 9, columnNumber: 3 };
    return { callFrame, selfSize: 0, id, children: [] };
  }
}

/** Returns the numbers from `first` to `last`. */
export function range(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

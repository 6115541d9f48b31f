import { ProfileBuilder } from '@heapray/exporter/profile';

const INTERVAL = 524_288;
const FUNCTIONS = 3000;
const PACKAGES = 97;
const MOST_FRAMES = 60;
const AGES = ['<1m', '1m-10m', '>10m'];

/**
 * Returns a profile with samples in four of five nodes. Its call tree is deep and narrow, as those of servers are.
 *
 * @param nodes number of nodes of the call tree
 */
export function largeProfile(nodes) {
  const random = randomFrom(7);
  const below = (limit) => Math.floor(random() * limit);
  const columns = ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'];
  const builder = new ProfileBuilder({
    columns: columns.map((type) => ({ type, unit: type.endsWith('space') ? 'bytes' : 'count' })),
    period: { type: 'space', unit: 'bytes', value: INTERVAL },
    timeNanos: 1_700_000_000_000_000_000n,
    durationNanos: 0n,
  });
  const frames = Array.from({ length: FUNCTIONS }, (_, at) => {
    const folder = at % 3 === 0 ? 'src' : `node_modules/package-${at % PACKAGES}/lib`;
    return builder.frame(`functionNumber${at}`, `/srv/app/${folder}/file${at % 90}.js`, at + 1);
  });
  const labels = Array.from({ length: PACKAGES }, (_, at) =>
    builder.labels({ package: `package-${at}`, age: AGES[at % AGES.length] }),
  );
  const stacks = [builder.stack(undefined, frames[0])];
  const depths = [1];
  const known = new Set(stacks);
  while (stacks.length < nodes) {
    const caller =
      random() < 0.75 ? stacks.length - 1 - below(Math.min(stacks.length, 40)) : below(stacks.length);
    if (depths[caller] === MOST_FRAMES) continue;
    const stack = builder.stack(stacks[caller], frames[below(FUNCTIONS)]);
    if (known.has(stack)) continue;
    known.add(stack);
    stacks.push(stack);
    depths.push(depths[caller] + 1);
    if (random() < 0.2) continue;
    const bytes = Math.round(INTERVAL / (0.02 + random()));
    builder.add(stack, [20, 3 * bytes, 3, bytes], labels[below(PACKAGES)]);
  }
  return builder.build();
}

/** Returns a random generator with a seed (Lehmer, modulus 2^31 - 1). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

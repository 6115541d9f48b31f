import { type ClassRow, ObjectClasses } from './graph/classes.js';
import { computeDominators, type Dominators, retainedSizes, UNREACHED } from './graph/dominators.js';
import { RetainingEdges } from './graph/retaining-edges.js';
import { type NumberedTree, type SharedPlace, sharedPlaces } from './graph/shared-place.js';
import { pathTo, type ShortestPaths, shortestPaths } from './graph/shortest-paths.js';
import type { HeapSnapshot } from './read/heap-snapshot.js';
import { type HolderWords, PathWords } from './words/holder-words.js';
import { type Maker, Makers } from './words/makers.js';
import { type OriginalOf, type SourcePlace, Sources } from './words/sources.js';
import {
  isGlobal,
  isScope,
  isVisible,
  type PathNode,
  repeatedPart,
  visiblePath,
} from './words/visible-path.js';

/** Classes of a snapshot, to compare a later one with. */
export interface ClassTotals {
  /** Classes by their names. */
  readonly classes: ReadonlyMap<string, ClassRow>;
  /** Largest ID of an object. Objects that are made later have larger ones. */
  readonly maxId: number;
}

export interface FindHoldersOptions {
  /** Classes of an earlier snapshot of the same process: then the classes that grew are explained. */
  readonly before?: ClassTotals | undefined;
  /** Explains only the class with this name. */
  readonly className?: string | undefined;
  /** Explains only objects that a function with this name allocated, for snapshots with {@link HeapSnapshot.traces}. */
  readonly functionName?: string | undefined;
  /** Maximum number of classes. */
  readonly top: number;
  /** Finds functions in their original source. Default: places are those of the code that ran. */
  readonly originalOf?: OriginalOf | undefined;
}

/** One holder of objects of a class. */
export interface Holder extends HolderWords {
  /** Part of the bytes of the class that it holds, from 0 to 1. */
  readonly share: number;
  readonly bytes: number;
  readonly objects: number;
  /** True if the objects can be reached only through it. Otherwise the shortest paths to them lead through it. */
  readonly isOnly: boolean;
  /** How each object is referred to below the holder; empty if there is nothing to say. */
  readonly reference: string;
  /** The shortest path from a root to one of the objects, without what V8 keeps for itself. */
  readonly path: readonly PathStep[];
}

/** An object on a path. */
export interface PathStep {
  /** Its class, or the name of a function. */
  readonly name: string;
  readonly isFunction: boolean;
  /** Kind of the reference to it, see `Reference`. */
  readonly by: string;
  /** Name of the property or variable that refers to it. */
  readonly as: string;
  /** Number of times that the step is repeated in a list. */
  readonly repeated: number;
}

/** A class whose objects are explained. */
export interface HeldClass extends ClassRow {
  /** Size of the objects and of all that only they keep alive, in bytes. */
  readonly retainedBytes: number;
  /** Where the class is in the source. Undefined for classes of the runtime. */
  readonly place: SourcePlace | undefined;
  /** The class in the earlier snapshot. */
  readonly before: { readonly objects: number; readonly bytes: number } | undefined;
  /** Objects that the holders are about: those made since the earlier snapshot (`isNew`), or all. */
  readonly explained: { readonly objects: number; readonly bytes: number; readonly isNew: boolean };
  readonly holders: readonly Holder[];
  /** Functions that allocated the objects. Empty for a snapshot without the stacks of allocations. */
  readonly makers: readonly Maker[];
}

/** Result of {@link findHolders}. */
export interface HolderReport {
  /** Number of reachable objects, and of all reachable bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** The classes with the most bytes, or that grew the most. Those without a holder in common come last. */
  readonly classes: readonly HeldClass[];
  /** Number of further classes. */
  readonly omitted: number;
}

const MAX_HOLDERS = 3;
const MAX_STEPS = 60;
/** Number of further classes to look at, in place of those that have no holder in common. */
const SPARE_CLASSES = 3;
/** Smallest part of a class's bytes for a further holder. */
const LEAST_SHARE = 0.05;

/**
 * Returns the classes of a snapshot, to compare a later one with. With a function, considers only objects that it allocated.
 */
export function classTotals(
  snapshot: HeapSnapshot,
  { functionName, originalOf }: Pick<FindHoldersOptions, 'functionName' | 'originalOf'> = {},
): ClassTotals {
  const dominators = computeDominators(snapshot, new RetainingEdges(snapshot));
  const classes = new ObjectClasses(snapshot, dominators);
  const isWanted = madeBy(new Makers(snapshot, originalOf), dominators, functionName);
  const byName = new Map([...classes.rows(isWanted).values()].map((row) => [row.name, row]));
  let maxId = 0;
  for (let node = 0; node < snapshot.nodeCount; node++) maxId = Math.max(maxId, snapshot.ids[node]!);
  return { classes: byName, maxId };
}

/** Finds what holds the objects of the largest classes, or of those that grew. */
export function findHolders(snapshot: HeapSnapshot, options: FindHoldersOptions): HolderReport {
  return new HolderFinder(snapshot, options.originalOf).report(options);
}

/** Returns whether a function with this name allocated the node of a number; undefined without a name. */
function madeBy(
  makers: Makers,
  { nodes }: Dominators,
  functionName: string | undefined,
): ((number: number) => boolean) | undefined {
  return functionName === undefined ? undefined : (number) => makers.isMadeBy(nodes[number]!, functionName);
}

class HolderFinder {
  readonly #snapshot: HeapSnapshot;
  readonly #dominators: Dominators;
  readonly #retained: Float64Array;
  readonly #classes: ObjectClasses;
  readonly #paths: ShortestPaths;
  readonly #sources: Sources;
  readonly #words: PathWords;
  readonly #makers: Makers;
  #pathTree: NumberedTree | undefined;

  constructor(snapshot: HeapSnapshot, originalOf: OriginalOf | undefined) {
    const retaining = new RetainingEdges(snapshot);
    this.#snapshot = snapshot;
    this.#dominators = computeDominators(snapshot, retaining);
    this.#retained = retainedSizes(snapshot, this.#dominators);
    this.#classes = new ObjectClasses(snapshot, this.#dominators);
    this.#paths = shortestPaths(snapshot, retaining);
    this.#sources = new Sources(snapshot, originalOf);
    this.#words = new PathWords(snapshot, this.#sources);
    this.#makers = new Makers(snapshot, originalOf);
  }

  report({ before, className, functionName, top }: FindHoldersOptions): HolderReport {
    const isWanted = madeBy(this.#makers, this.#dominators, functionName);
    const rows = [...this.#classes.rows(isWanted)].filter(
      ([, { name }]) => className === undefined || name === className,
    );
    const growthOf = ({ name, bytes }: ClassRow): number => bytes - (before?.classes.get(name)?.bytes ?? 0);
    const ranked = rows
      .map(([number, row]) => ({ number, row, growth: growthOf(row) }))
      .filter(({ growth }) => before === undefined || className !== undefined || growth > 0)
      .sort((a, b) => b.growth - a.growth || (a.row.name < b.row.name ? -1 : 1));
    const explained = ranked
      .slice(0, top + SPARE_CLASSES)
      .map(({ number, row }) => this.#heldClass(number, row, before, isWanted));
    return {
      objects: this.#dominators.count - 1,
      bytes: this.#retained[0]!,
      classes: [...explained.filter(hasHolder), ...explained.filter((each) => !hasHolder(each))].slice(
        0,
        top,
      ),
      omitted: Math.max(0, ranked.length - top),
    };
  }

  #heldClass(
    classNumber: number,
    row: ClassRow,
    before: ClassTotals | undefined,
    isWanted: ((number: number) => boolean) | undefined,
  ): HeldClass {
    const all = this.#members(classNumber, isWanted);
    const old = before?.classes.get(row.name);
    const members =
      before === undefined ? all : this.#newMembers(all, row.objects - (old?.objects ?? 0), before);
    const explained = { ...this.#sum(members), isNew: members !== all };
    const first = members.indexOf(1);
    const place = first < 0 ? undefined : this.#sources.placeOf(this.#dominators.nodes[first]!);
    return {
      ...row,
      retainedBytes: this.#retainedBy(all),
      place: place === undefined || place.file.startsWith('node:') ? undefined : place,
      before: before === undefined ? undefined : { objects: old?.objects ?? 0, bytes: old?.bytes ?? 0 },
      explained,
      holders: this.#holders(members, explained.bytes),
      makers: this.#makers.of(this.#dominators.nodes, members, this.#classes.bytes),
    };
  }

  /** Returns 1 for the number of each object of the class. */
  #members(classNumber: number, isWanted: ((number: number) => boolean) | undefined): Uint8Array {
    const { count, nodes } = this.#dominators;
    const members = new Uint8Array(count);
    for (let number = 1; number < count; number++) {
      if (!this.#classes.isObject(number) || this.#classes.classOf(nodes[number]!) !== classNumber) continue;
      if (isWanted === undefined || isWanted(number)) members[number] = 1;
    }
    return members;
  }

  /**
   * Returns the objects made since the earlier snapshot. Returns all if there are too few for the growth: then the
   * objects themselves grew, or the snapshots are of different processes.
   */
  #newMembers(all: Uint8Array, growth: number, { maxId }: ClassTotals): Uint8Array {
    const { nodes } = this.#dominators;
    const members = new Uint8Array(all.length);
    let count = 0;
    for (let number = 1; number < all.length; number++) {
      if (all[number] === 0 || this.#snapshot.ids[nodes[number]!]! <= maxId) continue;
      members[number] = 1;
      count += 1;
    }
    return count > 0 && count >= growth / 2 ? members : all;
  }

  #sum(members: Uint8Array): { readonly objects: number; readonly bytes: number } {
    let objects = 0;
    let bytes = 0;
    for (let number = 1; number < members.length; number++) {
      if (members[number] === 0) continue;
      objects += 1;
      bytes += this.#classes.bytes[number]!;
    }
    return { objects, bytes };
  }

  /** Returns what the objects retain together, each byte once. */
  #retainedBy(members: Uint8Array): number {
    const { parents } = this.#dominators;
    const isCovered = new Uint8Array(members.length);
    let bytes = 0;
    for (let number = 1; number < members.length; number++) {
      const parent = parents[number]!;
      isCovered[number] = isCovered[parent]! | members[parent]!;
      if (members[number] === 1 && isCovered[number] === 0) bytes += this.#retained[number]!;
    }
    return bytes;
  }

  #holders(members: Uint8Array, allBytes: number): readonly Holder[] {
    const holders: Holder[] = [];
    const rest = new Uint8Array(members);
    const tree = this.#dominators;
    const isMember = (number: number): boolean => members[number] === 1;
    const settle = (number: number): number => this.#settled(tree, number, (each) => tree.nodes[each]!);
    for (const place of sharedPlaces(tree, this.#classes.bytes, isMember, MAX_HOLDERS, settle)) {
      if (place.number === 0) break;
      const example = takeBelow(tree, rest, place.number);
      holders.push(this.#holder(place, tree.nodes[place.number]!, tree.nodes[example]!, allBytes, true));
    }
    const others = this.#reached(rest, allBytes, MAX_HOLDERS - holders.length);
    return [...holders, ...others].filter(
      ({ share, kind }, at) => at === 0 || (share >= LEAST_SHARE && kind !== 'root'),
    );
  }

  /** Returns holders of objects that have several, by the shortest paths to them. */
  #reached(rest: Uint8Array, allBytes: number, max: number): readonly Holder[] {
    if (max === 0 || !rest.includes(1)) return [];
    const { order } = this.#paths;
    this.#pathTree ??= this.#makePathTree();
    const tree = this.#pathTree;
    const { numbers } = this.#dominators;
    const bytes = new Float64Array(tree.count);
    const members = new Uint8Array(tree.count);
    for (let at = 0; at < tree.count; at++) {
      const number = numbers[order[at]!]!;
      if (number === UNREACHED || rest[number] === 0) continue;
      members[at] = 1;
      bytes[at] = this.#classes.bytes[number]!;
    }
    const settle = (number: number): number => this.#settled(tree, number, (each) => order[each]!);
    return sharedPlaces(tree, bytes, (each) => members[each] === 1, max, settle).map((place) => {
      const example = takeBelow(tree, members, place.number);
      return this.#holder(place, order[place.number]!, order[example]!, allBytes, false);
    });
  }

  /** Returns the tree of shortest paths, numbered in the order of distance. */
  #makePathTree(): NumberedTree {
    const { order, edges } = this.#paths;
    const positions = new Uint32Array(this.#snapshot.nodeCount);
    const parents = new Uint32Array(order.length);
    for (let at = 1; at < order.length; at++) {
      positions[order[at]!] = at;
      parents[at] = positions[this.#snapshot.sourceOf(edges[order[at]!]!)]!;
    }
    return { count: order.length, parents };
  }

  /**
   * Moves a place upwards to an object or scope that a user knows; out of the middle of a list or chain of promises to
   * what holds its start.
   */
  #settled(tree: NumberedTree, place: number, nodeOf: (number: number) => number): number {
    const known = this.#knownAbove(tree, place, nodeOf);
    if (known === 0) return 0;
    const path = visiblePath(this.#snapshot, pathTo(this.#paths, this.#snapshot, nodeOf(known)));
    const list = repeatedPart(path);
    if (list === undefined || list.end < path.length || list.start === 0) return known;
    const holder = path[list.start - 1]!.node;
    for (let above = known; above > 0; above = tree.parents[above]!)
      if (nodeOf(above) === holder) return above;
    return known;
  }

  #knownAbove(tree: NumberedTree, place: number, nodeOf: (number: number) => number): number {
    let known = place;
    while (known > 0) {
      const node = nodeOf(known);
      // The global object holds nearly all, so it explains nothing.
      if (isVisible(this.#snapshot, node)) return isGlobal(this.#snapshot.nameOf(node)) ? 0 : known;
      if (isScope(this.#snapshot, node)) break;
      known = tree.parents[known]!;
    }
    return known;
  }

  #holder(
    { bytes, objects }: SharedPlace,
    node: number,
    example: number,
    allBytes: number,
    isOnly: boolean,
  ): Holder {
    const edges = pathTo(this.#paths, this.#snapshot, example);
    const path = visiblePath(this.#snapshot, edges);
    const edgeIndex = edges.findIndex((edge) => this.#snapshot.targets[edge] === node);
    const at = path.findLastIndex((each) => each.edgeIndex <= edgeIndex);
    const words = isScope(this.#snapshot, node)
      ? this.#words.describeScope(node)
      : this.#words.describe(path, edgeIndex < 0 ? -1 : at);
    return {
      ...words,
      share: allBytes === 0 ? 1 : bytes / allBytes,
      bytes,
      objects,
      isOnly,
      reference: this.#words.lastReference(path, at),
      path: stepsOf(path),
    };
  }
}

/** Removes the objects at or below a place. Returns the middle one as an example. */
function takeBelow({ count, parents }: NumberedTree, members: Uint8Array, place: number): number {
  const isBelow = new Uint8Array(count);
  isBelow[place] = 1;
  let taken = 0;
  for (let number = place; number < count; number++) {
    if (number > place && isBelow[parents[number]!] === 1) isBelow[number] = 1;
    if (isBelow[number] === 1 && members[number] === 1) taken += 1;
  }
  let example = place;
  let left = (taken >>> 1) + 1;
  for (let number = place; number < count; number++) {
    if (isBelow[number] === 0 || members[number] === 0) continue;
    members[number] = 0;
    if (--left === 0) example = number;
  }
  return example;
}

/** Returns the steps of a path, with repeated ones once. */
function stepsOf(path: readonly PathNode[]): readonly PathStep[] {
  const steps: PathStep[] = [];
  const list = repeatedPart(path);
  path.forEach(({ name, isFunction, reference }, at) => {
    if (list !== undefined && at >= list.start + list.period && at < list.end) return;
    const isRepeated = list !== undefined && at >= list.start && at < list.start + list.period;
    const repeated = isRepeated ? Math.ceil((list.end - at) / list.period) : 1;
    steps.push({ name, isFunction, by: reference.kind, as: reference.name, repeated });
  });
  return steps.slice(-MAX_STEPS);
}

function hasHolder({ holders }: HeldClass): boolean {
  return holders.some(({ kind }) => kind !== 'root');
}

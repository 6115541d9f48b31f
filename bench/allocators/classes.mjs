// Allocates as compiled TypeScript services do: classes with fields and private state, inheritance, builders, maps of entities.
import { inTurn } from './in-turn.mjs';

export const SITES = ['moveVectors', 'buildEntities', 'dispatchEvents', 'storeEntities'];

const STORED = 8_000;

class Vector {
  #length;
  constructor(x, y, z) {
    this.x = x;
    this.y = y;
    this.z = z;
    this.#length = x + y + z;
  }
  plus(other) {
    return new Vector(this.x + other.x, this.y + other.y, this.z + other.z);
  }
  get length() {
    return this.#length;
  }
}

class Entity {
  tags = [];
  position;
  constructor(id) {
    this.id = id;
    this.position = new Vector(id, id, id);
  }
  with(tag) {
    this.tags.push(tag);
    return this;
  }
}

class Customer extends Entity {
  orders = [];
  name = 'nobody';
}

export function createRounds() {
  return inTurn({ last: new Vector(0, 0, 0), stored: new Array(STORED), at: 0, seen: 0 }, [
    [moveVectors, 6_000],
    [buildEntities, 1_500],
    [dispatchEvents, 1_500],
    [storeEntities, 60],
  ]);
}

function moveVectors(state, count) {
  let sum = new Vector(0, 0, 0);
  for (let i = 0; i < count; i++) sum = sum.plus(state.last);
  state.last = sum;
}

function buildEntities(state, count) {
  for (let i = 0; i < count; i++) state.built = new Customer(i).with('new').with('vip');
}

function dispatchEvents(state, count) {
  for (let i = 0; i < count; i++) {
    const event = { type: i % 2 === 0 ? 'moved' : 'built', at: i, detail: { id: i } };
    state.handled = [event, () => event.at + state.seen];
  }
}

function storeEntities(state, count) {
  for (let i = 0; i < count; i++) state.stored[state.at++ % STORED] = new Customer(i);
}

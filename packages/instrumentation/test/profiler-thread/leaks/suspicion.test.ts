// Suspected and unsuspected sites, over many simulated services.
import { describe, expect, test } from 'vitest';
import { range } from '../../support/readings.js';
import { SimulatedService, type Work } from './simulated-service.js';

const SEEDS = range(1, 20);
const HOURS = 3;
/** Time in which a leak must be found, in hours. */
const LEAK_HOURS = 1.5;

/** Makes the work of a service; sizes and times depend on the seed. */
type Workload = (service: SimulatedService) => Work;

const between = ({ random }: SimulatedService, low: number, high: number) =>
  low + (high - low) * random.next();

const HARMLESS: Readonly<Record<string, Workload>> = {
  'a cache that fills, ever slower, and stays': (service) => {
    const [size, minutes] = [between(service, 50, 400), between(service, 1, 4.5)];
    return (_, minute) => service.allocate('fillCache', (size / minutes) * Math.exp(-minute / minutes));
  },
  'a cache that fills and then replaces its entries': (service) => {
    const [rate, minutes] = [between(service, 5, 40), between(service, 2, 6)];
    return () => service.allocate('fillCache', rate, () => minutes);
  },
  'a cache whose entries are evicted at random': (service) => {
    const [rate, minutes] = [between(service, 5, 40), between(service, 2, 6)];
    return () => service.allocate('fillCache', rate, () => service.random.exponential(minutes));
  },
  'a batch job that frees all at its end': (service) => {
    const [rate, period, busy] = [between(service, 10, 60), between(service, 15, 60), between(service, 3, 8)];
    return (_, minute) => {
      const phase = minute % period;
      if (phase < busy) service.allocate('runBatch', rate, () => busy - phase);
    };
  },
  'a buffer that is flushed now and then': (service) => {
    const [rate, period] = [between(service, 10, 40), between(service, 4, 10)];
    return (_, minute) => service.allocate('addToBuffer', rate, () => period - (minute % period));
  },
  'a warm-up': (service) => {
    const [rate, minutes] = [between(service, 20, 60), between(service, 1, 7)];
    return (_, minute) => {
      if (minute < minutes) service.allocate('warmUp', rate);
    };
  },
  'a second warm-up, hours later': (service) => {
    const [rate, minutes, at] = [
      between(service, 20, 200),
      between(service, 1, 6),
      between(service, 60, 180),
    ];
    return (_, minute) => {
      if (minute < minutes || (minute >= at && minute < at + minutes)) service.allocate('warmUp', rate);
    };
  },
  'daily waves of sessions': (service) => {
    const [rate, day, minutes] = [
      between(service, 10, 60),
      between(service, 60, 240),
      between(service, 2, 8),
    ];
    return (_, minute) => {
      const load = (1 - Math.cos((2 * Math.PI * minute) / day)) / 2;
      service.allocate('openSession', rate * load, () => service.random.exponential(minutes));
    };
  },
  'a level that stays, of things that come and go': (service) => {
    const [rate, minutes] = [between(service, 2, 40), between(service, 1, 8)];
    return () => service.allocate('handle', rate, () => service.random.exponential(minutes));
  },
};

const LEAKS: Readonly<Record<string, Workload>> = {
  'an even leak': (service) => {
    const rate = between(service, 2, 20);
    return () => service.allocate('leak', rate);
  },
  'a leak of most of what is allocated': (service) => {
    const [rate, share] = [between(service, 10, 40), between(service, 0.65, 0.95)];
    return () => service.allocate('leak', rate, () => (service.random.next() < share ? Infinity : 2));
  },
  'a leak by day': (service) => {
    const rate = between(service, 5, 15);
    return (_, minute) => service.allocate('leak', rate * (1 - Math.cos((2 * Math.PI * minute) / 120)));
  },
  'a leak in a store that has been full for long': (service) => {
    const rate = between(service, 5, 20);
    return (_, minute) => service.allocate('leak', minute === 0 ? 200 : minute > 40 ? rate : 0);
  },
};

describe('suspects nothing in', () => {
  test.each(Object.entries(HARMLESS))('%s', (_, workload) => {
    expect(suspectsOfAll(workload)).toEqual([]);
  });

  test.each(Object.entries(HARMLESS))('%s, when the sampler is lost meanwhile', (_, workload) => {
    const suspects = SEEDS.slice(0, 10).flatMap((seed) => {
      const service = new SimulatedService(seed);
      const work = workload(service);
      const at = Math.round(between(service, 5, 60));
      const before = service.run(at, work);
      service.loseSampler();
      return [...before, ...service.run(60 * HOURS - at, work)].map((name) => `${name} (seed ${seed})`);
    });
    expect(suspects).toEqual([]);
  });
});

describe('suspects a site in every run of', () => {
  test.each(Object.entries(LEAKS))('%s', (_, workload) => {
    const found = SEEDS.filter((seed) => suspectsOf(seed, workload, LEAK_HOURS).includes('leak'));
    expect(found).toEqual(SEEDS);
  });
});

function suspectsOf(seed: number, workload: Workload, hours = HOURS): string[] {
  const service = new SimulatedService(seed);
  return service.run(60 * hours, workload(service));
}

function suspectsOfAll(workload: Workload): string[] {
  return SEEDS.flatMap((seed) => suspectsOf(seed, workload).map((name) => `${name} (seed ${seed})`));
}

// Treats heapray and an instrumentation that extends OpenTelemetry's base class alike. Prints the states of both.
import { HeaprayInstrumentation } from '@heapray/instrumentation';
import { InstrumentationBase, registerInstrumentations } from '@opentelemetry/instrumentation';

class Plain extends InstrumentationBase {
  constructor(config) {
    super('plain', '1.0.0', config);
  }
  init() {
    return [];
  }
  get isProfiling() {
    return this._enabled;
  }
}

function history(Instrumentation) {
  const states = [];
  const treat = (config, ...steps) => {
    const one = new Instrumentation(config);
    const note = (step) => states.push({ step, config: { ...one.getConfig() }, on: one.isProfiling });
    note('new');
    for (const [step, ...args] of steps) {
      if (step === 'register') registerInstrumentations({ instrumentations: [one] });
      else one[step](...args);
      note(step);
    }
    one.disable();
  };
  const off = { enabled: false };
  treat(undefined, ['enable'], ['disable'], ['disable'], ['enable'], ['enable']);
  treat(
    { component: 'a', maxCallSites: 5 },
    ['setConfig', { component: 'b' }],
    ['setConfig', {}],
    ['setConfig'],
  );
  treat({}, ['setConfig', off], ['enable'], ['disable'], ['setConfig', { enabled: true }], ['enable']);
  treat(off, ['register'], ['disable'], ['register'], ['setConfig', {}], ['register'], ['enable']);
  treat({}, ['disable'], ['register'], ['setConfig', off], ['register']);
  return states;
}

console.log(JSON.stringify([history(HeaprayInstrumentation), history(Plain)]));

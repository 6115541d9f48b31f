import { ReflectApply, SafePromise } from '../../protocol/primordials.js';
import { contain } from '../containment/contain.js';

/**
 * Returns true if the SDK's promises would work. If they throw, the SDK leaves some behind that end the
 * application.
 */
export function promisesWork(): boolean {
  const works = contain(
    () => {
      const { prototype } = SafePromise;
      const promise = SafePromise.resolve();
      const methods = [prototype.then, prototype.catch, prototype.finally];
      for (let at = 0; at < methods.length; at++) ReflectApply(methods[at]!, promise, []);
      void SafePromise.race([promise]);
      void SafePromise.all([promise]);
      return true;
    },
    () => {},
  );
  return works === true;
}

// A traced component that fails, with no code waiting for it. Run by components.test.ts.
import { profileComponent, setComponentCaptures } from '../../dist/main-thread/profiler/components.js';

if (process.argv[2] === 'traced') {
  setComponentCaptures({ wrapped() {}, declared() {}, begin: () => () => console.log('ended') });
}
void profileComponent('scheduler', async () => {
  throw new Error('out of order');
})();
setTimeout(() => console.log('still here'), 50);

// Makes this Node look like another runtime, named by the argument as in `process.versions`.
const [, , name] = process.argv;
Object.defineProperty(process, 'versions', { value: { ...process.versions, [name]: '1.2.3' } });
const { HeaprayInstrumentation } = await import('../../dist/index.js');
const log = (level, text) => console.log(`${level}: ${text}`);
const { isProfiling } = new HeaprayInstrumentation({ log, debugAddress: '127.0.0.1:0' });
console.log(isProfiling);
await import('../../dist/register.js');
setTimeout(() => console.log('done'), 1500);

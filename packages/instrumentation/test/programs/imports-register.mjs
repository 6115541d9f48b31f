// Imports heapray's preload and its other modules at the same time.
const [register, index] = ['../../dist/register.js', '../../dist/index.js'];
await Promise.all([import(index), import(register)]);
console.log('imported');
setInterval(() => {}, 1000);

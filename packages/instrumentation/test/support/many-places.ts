import { AllocatingProgram } from './allocating-program.js';

const TASK_LINE = 7;

/**
 * Makes a program with functions named `package/file:name`, which are in that file. Callees of a function
 * named `task` belong to the component `scheduler`.
 */
export function manyPlaces(): AllocatingProgram {
  const program = new AllocatingProgram({
    ledger: { packageOf: (file) => file.split('/')[1] ?? '' },
    frameOf: (text) => {
      const [place = '', functionName = ''] = text.split(':');
      if (text === 'task') return { functionName: text, url: '', lineNumber: TASK_LINE, columnNumber: 0 };
      return { functionName, url: `file:///${place}.js`, lineNumber: 0, columnNumber: 0 };
    },
  });
  const location = { scriptId: '', lineNumber: TASK_LINE, columnNumber: 0 };
  program.ledger.sites.components.addFunction(location, 'scheduler');
  return program;
}

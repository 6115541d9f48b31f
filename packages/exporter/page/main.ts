// Entry point of the page. The data is in the page itself.
import { App } from './app.ts';
import { element } from './dom.ts';
import { DataError, readModel } from './model.ts';

function start(root: HTMLElement): void {
  try {
    new App(readModel(document.getElementById('data')?.textContent ?? ''), root).start();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    root.replaceChildren(
      element('p', {
        text: `The data of this page cannot be read: ${error.message}.`,
        attributes: { class: 'state', role: 'alert' },
      }),
    );
  }
}

const root = document.getElementById('page');
if (root !== null) start(root);

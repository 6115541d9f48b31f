// Entry point of the page: of a file that has the data in itself, or of a server (`data-mode="live"`).
import { element } from './basics/dom.ts';
import { LiveApp } from './live/live-app.ts';
import { DataError, readModel } from './model/model.ts';
import { showFile } from './profile/file-app.ts';

function start(root: HTMLElement): void {
  if (root.dataset.mode === 'live') new LiveApp(root).start();
  else showData(root);
}

function showData(root: HTMLElement): void {
  try {
    showFile(readModel(document.getElementById('data')?.textContent ?? ''), root);
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

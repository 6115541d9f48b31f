import { element } from '../basics/dom.ts';
import { themeButton } from '../basics/theme.ts';
import type { Model } from '../model/model.ts';
import { profileNotes } from './profile-notes.ts';
import { ProfileView } from './profile-view.ts';

/** Shows the page of a file, which has the data in itself. */
export function showFile(model: Model, root: HTMLElement): void {
  const view = new ProfileView(model, { hasViewButtons: true });
  root.replaceChildren(
    element('header', {}, [element('h1', { text: model.title }), themeButton(), view.summary]),
    element('main', {}, [view.element]),
    element('footer', {}, profileNotes(model)),
  );
  view.start();
}

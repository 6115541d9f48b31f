import { element } from '../basics/dom.ts';
import type { Model } from '../model/model.ts';

/** Returns the comments of the profiles, and a line about the keys. */
export function profileNotes({ profiles }: Model): HTMLElement[] {
  const comments = [...new Set(profiles.flatMap((profile) => profile.comments))];
  const notes = comments.map((text) => element('li', { text }));
  return [
    ...(notes.length === 0
      ? []
      : [element('h2', { text: 'Notes of the profile' }), element('ul', {}, notes)]),
    element('p', {
      text: 'Keys: / search, Escape clears and zooms out; in a graph, arrows move, Enter zooms, c copies the stack.',
    }),
  ];
}

// Searches a catalogue. It allocates much and keeps nothing: the service without a problem.
import { serve } from '../../serve.js';

const catalogue = JSON.stringify(
  Array.from({ length: 800 }, (_, id) => ({
    id,
    title: `article ${id} of the catalogue`,
    price: (id * 37) % 990,
  })),
);

serve((path, parameters) => {
  if (path !== '/search') return undefined;
  const articles = JSON.parse(catalogue);
  const found = articles.filter(({ title }) => title.includes(parameters.get('text')));
  return found.sort((a, b) => a.price - b.price).slice(0, 20);
});

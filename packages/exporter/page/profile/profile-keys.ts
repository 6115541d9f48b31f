/** Actions of the keys in a profile's views. */
export interface ProfileKeys {
  clear(): void;
  search(): void;
  copy(): void;
}

/** Listens for keys in the whole page while `view` is in it. Returns a function that ends it. */
export function listenForKeys(view: HTMLElement, keys: ProfileKeys): () => void {
  const pressed = (event: KeyboardEvent): void => {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
    if (!view.isConnected) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') keys.clear();
    else if (isTyping) return;
    else if (event.key === '/') {
      keys.search();
      event.preventDefault();
    } else if (event.key === 'c') keys.copy();
  };
  document.addEventListener('keydown', pressed);
  return () => document.removeEventListener('keydown', pressed);
}

// Scales pictures, and keeps the newest as Buffers: much memory outside the JavaScript heap, in a cache with a limit.
import { serve } from '../../serve.js';

const KEPT = 300;

const thumbnails = new Map();

serve((path, parameters) => {
  if (path !== '/thumbnail') return undefined;
  const picture = parameters.get('picture');
  const known = thumbnails.get(picture);
  if (known) return known;
  const scaled = scale(loadPicture(picture), 2);
  thumbnails.set(picture, scaled);
  if (thumbnails.size > KEPT) thumbnails.delete(thumbnails.keys().next().value);
  return scaled;
});

/** Stands for a picture on a disk: 256 x 256 pixels of 4 bytes. */
function loadPicture(picture) {
  return { width: 256, height: 256, pixels: new Uint32Array(256 * 256).fill(Number(picture)) };
}

function scale({ width, height, pixels }, factor) {
  const [smallWidth, smallHeight] = [width / factor, height / factor];
  const bytes = Buffer.alloc(smallWidth * smallHeight * pixels.BYTES_PER_ELEMENT);
  const small = new Uint32Array(bytes.buffer, bytes.byteOffset, smallWidth * smallHeight);
  for (let y = 0; y < smallHeight; y++) {
    for (let x = 0; x < smallWidth; x++) {
      small[y * smallWidth + x] = pixels[y * factor * width + x * factor];
    }
  }
  return bytes;
}

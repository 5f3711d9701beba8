// Photos of a work order. They are drawn anew in the browser before they leave it: small enough for a cellar's network,
// and without the place and the device that a camera writes into its files.

import { Failure, type Photo } from './api';

export const SIDE_PX_MAX = 1600;
const QUALITY = 0.82;
const TYPE = 'image/jpeg';
const TIMEOUT_MS = 120_000;

export const photosOf = (order: string) => `/api/v1/workorders/${encodeURIComponent(order)}/photos`;
export const photoOf = (order: string, photo: string) => `${photosOf(order)}/${encodeURIComponent(photo)}`;

/** The size that fits, never larger than it was. */
export function fitted(width: number, height: number): [number, number] {
  const scale = Math.min(1, SIDE_PX_MAX / Math.max(width, height));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** The picture as a JPEG of at most 1,600 pixels a side. Fails when the browser cannot read it. */
export async function shrunk(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const [width, height] = fitted(picture.width, picture.height);
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width, height });
  const pen = canvas.getContext('2d');
  if (!pen) throw new Error('no canvas');
  // A JPEG has no transparency: paper, not night, behind a drawing.
  pen.fillStyle = '#fff';
  pen.fillRect(0, 0, width, height);
  pen.drawImage(picture, 0, 0, width, height);
  picture.close();
  return new Promise((keep, refuse) => canvas.toBlob((blob) => (blob ? keep(blob) : refuse(new Error('no picture'))), TYPE, QUALITY));
}

/** Sends a picture; `progress` hears how much of it has left, 0 to 1. */
export function send(order: string, picture: Blob, progress: (part: number) => void): Promise<Photo> {
  return new Promise((keep, refuse) => {
    // `fetch` does not tell how far an upload is.
    const request = new XMLHttpRequest();
    request.open('POST', photosOf(order));
    request.responseType = 'json';
    request.timeout = TIMEOUT_MS;
    request.setRequestHeader('content-type', TYPE);
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onerror = request.ontimeout = () => refuse(new Failure(0, 'unreachable', 'the photo was not sent'));
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) keep(request.response as Photo);
      else refuse(new Failure(request.status, 'refused', request.statusText));
    };
    request.send(picture);
  });
}

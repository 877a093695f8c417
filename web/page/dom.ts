/** @file Elements of the page and their content. */
import { rgbaPixels, type Picture } from 'ganscope/inference';

/** The element with the id. */
export function element<T extends Element>(id: string, type: new () => T): T {
  const found = document.getElementById(id) ?? document.querySelector(`#${id}`);
  if (!(found instanceof type)) throw new Error(`#${id}: expected a ${type.name}`);
  return found;
}

/** Shows a status line; screen readers read it out. */
export function tell(id: string, text: string): void {
  const status = element(id, HTMLElement);
  status.classList.remove('error');
  status.textContent = text;
}

/** Shows an error in one line. */
export function tellError(id: string, error: unknown): void {
  tell(id, error instanceof Error ? error.message : String(error));
  element(id, HTMLElement).classList.add('error');
}

/** Draws a picture; the canvas gets its size. */
export function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  const { width, height } = picture;
  Object.assign(canvas, { width, height });
  canvas.getContext('2d')?.putImageData(new ImageData(rgbaPixels(picture), width, height), 0, 0);
}

/** A picture with a caption, as an item of a list. */
export function pictureItem(picture: Picture, label: string, ...caption: string[]): HTMLLIElement {
  const item = document.createElement('li');
  const figure = document.createElement('figure');
  const canvas = document.createElement('canvas');
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', label);
  draw(canvas, picture);
  const text = document.createElement('figcaption');
  for (const line of caption) {
    const part = document.createElement('div');
    part.textContent = line;
    text.append(part);
  }
  figure.append(canvas, text);
  item.append(figure);
  return item;
}

/** Sets the options of a select; the first one is selected. */
export function fillSelect(
  select: HTMLSelectElement,
  options: readonly (readonly [value: string, text: string])[],
): void {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
}

/** @file The token of the printed address: it is taken out of the address, and kept until the tab is closed. */

const KEY = 'ganscope-token';

/** Takes the token from the address, so that no link shows it. Call this before anything else reads the address. */
export function takeToken({ location, history }: Pick<Window, 'location' | 'history'>): void {
  const settings = new URLSearchParams(location.hash.replace(/^#/, ''));
  const given = settings.get('token');
  if (given === null) return;
  settings.delete('token');
  const rest = settings.toString();
  history.replaceState(null, '', `${location.pathname}${location.search}${rest === '' ? '' : `#${rest}`}`);
  kept = given;
  try {
    sessionStorage.setItem(KEY, given);
  } catch {
    // Without storage it holds until the page is reloaded.
  }
}

let kept: string | undefined;

/** The token; undefined if this tab was not opened by the printed address. */
export function knownToken(): string | undefined {
  if (kept !== undefined) return kept;
  try {
    return sessionStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

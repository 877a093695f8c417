/** @file Starts the page. The worker starts first, so that it loads while the page is drawn. */
import { render } from 'preact';
import { takeToken } from '../training/control/token.js';
import { startStudio, StudioProvider } from '../state/studio.js';
import { App } from './app.js';

// No link that is copied from the address shows it.
takeToken(window);
const studio = startStudio(window);
const root = document.getElementById('app');
if (!root) throw new Error('the page has no #app');
render(
  <StudioProvider value={studio}>
    <App />
  </StudioProvider>,
  root,
);
await studio.models.start();

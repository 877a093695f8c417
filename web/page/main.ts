/** @file The page: its sections, and dropped files. */
import { startEngine } from './engine.js';
import { explanationSection } from './explanation.js';
import { chooseNetworks } from './models.js';
import { samplesSection } from './samples.js';
import { knownRuns, trainingSection } from './training.js';
import { walkSection } from './walk.js';
import { element } from './dom.js';

const engine = startEngine();
const samples = samplesSection(engine);
const walk = walkSection(engine);
const explanation = explanationSection(engine, samples.first);

for (const type of ['dragover', 'dragleave', 'drop'] as const) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    document.body.classList.toggle('dropping', type === 'dragover');
    const file = type === 'drop' ? event.dataTransfer?.files[0] : undefined;
    if (!file) return;
    if (file.name.toLowerCase().endsWith('.onnx')) {
      element('models', HTMLElement).dispatchEvent(new CustomEvent('drop-model', { detail: { file } }));
    } else {
      void explanation.file(file);
    }
  });
}

const opened = {
  generator: () => {
    walk.draw();
    void samples.sample();
  },
  explainer: explanation.opened,
  closed: () => {
    walk.clear();
    samples.clear();
    explanation.closed();
  },
};
await chooseNetworks(engine, await knownRuns(), opened, trainingSection());

/** @file What a run shows of itself: loss plot, score plot, and real pictures beside generated ones. */
import {
  CategoryScale,
  Chart,
  Decimation,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Title,
  type ChartDataset,
  type Point,
} from 'chart.js';
import { FONT_FAMILY, figureCanvas, pictureCanvas } from '../inference/canvas.node.js';
import { pictureGrid } from '../inference/grid.js';
import type { Picture } from '../inference/pictures.js';
import { InputError } from '../onnx/errors.js';

Chart.register(Decimation, Legend, LinearScale, LineController, LineElement, PointElement, Title);

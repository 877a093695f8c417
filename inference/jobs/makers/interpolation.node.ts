/** @file Makes an interpolation job's animation. */
import { interpolatedLatents } from '../../latent/interpolate.js';
import { checkFrame } from '../../pictures/animation.js';
import { animationFiles, encodedAnimation, writeAnimation } from '../files/animation-files.node.js';
import { inJobFolder } from '../files/job-folder.node.js';
import { checkKeyframes, type InterpolationJob } from '../kinds/interpolation.js';
import { namesFile } from '../options/checks.js';
import { scaledSize } from '../options/scale.js';
import { chosenLatents, jobPictures, type JobContext } from '../shared/context.node.js';

/** Writes the animation, and into a folder also its frames and a filmstrip. Returns the files. */
export async function writeInterpolation(job: InterpolationJob, context: JobContext): Promise<string[]> {
  const { latentDim } = context.generator;
  const { latents, count } = await chosenLatents(job.source, context.generator, job.truncation);
  checkKeyframes(count, job.frames);
  checkFrame(job.format, scaledSize(context.generator, job.scale));
  const keyframes = Array.from({ length: count }, (_, i) => latents.subarray(i * latentDim, (i + 1) * latentDim));
  const files = namesFile(job.out, [`.${job.format}`])
    ? undefined
    : animationFiles('interpolation', job.format, job.frames);
  return inJobFolder(job, files, context, async (begin) => {
    const frames = await jobPictures(job, interpolatedLatents(keyframes, job), 'frames', context);
    const animation = await encodedAnimation(frames, job);
    await begin();
    return writeAnimation(job.out, 'interpolation', animation, context.record);
  });
}

import { afterEach, expect, it, vi } from 'vitest';
import { S3Storage } from './client.node.js';

afterEach(() => vi.unstubAllEnvs());

it.each([undefined, '', 'eu west'])('a region that is %j is told in one line', async (region) => {
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/none');
  vi.stubEnv('AWS_REGION', region);
  const storage = await S3Storage.open({ AWS_REGION: region });
  await expect(storage.find({ bucket: 'pictures', key: 'a.png' })).rejects.toMatchObject({
    name: 'InputError',
    message: 's3://pictures/a.png: expected the name of a region in AWS_REGION',
  });
  storage.close();
});

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisProgram, startRedis, testCertificates, type TestServer } from '../redis.test.helper.js';
import { queueAddress } from './address.js';
import { queuePackages } from './packages.node.js';
import { expectServer } from './reach.node.js';

const SECRET = 'hunter2';

describe.skipIf(!redisProgram)('expectServer(address)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ganscope-reach-'));
  const certificates = testCertificates(folder);
  let plain: TestServer;
  let secure: TestServer | undefined;
  beforeAll(async () => {
    const user = (name: string, rights: string) => [
      '--user',
      name,
      'on',
      `>${SECRET}`,
      '~*',
      '&*',
      ...rights.split(' '),
    ];
    const users = [...user('ann', '+@all -info'), ...user('bob', '+ping +info')];
    plain = await startRedis(['--requirepass', SECRET, ...users]);
    secure = certificates && (await startRedis(['--requirepass', SECRET], certificates).catch(() => undefined));
  }, 30_000);
  afterAll(async () => {
    await plain.stop();
    await secure?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const look = (url: string, user = `:${SECRET}@`) => expectServer(queueAddress(url.replace('//', `//${user}`), {}));
  const refused = async (got: RegExp, url: string, user?: string) => {
    const problem = await look(url, user).then(
      () => 'none',
      (error: Error) => error,
    );
    expect(problem).toMatchObject({ name: 'InputError', message: expect.stringMatching(got) });
    expect((problem as Error).message).toMatch(/^queue: expected a server at rediss?:\/\/[\w.:/]+; got /);
    expect(JSON.stringify(problem)).not.toContain(SECRET);
  };

  it('takes users who may do what a queue needs, also if the server tells them nothing of itself', async () => {
    expect(await look(plain.url)).toEqual({ tells: true, policy: 'noeviction' });
    expect(await look(plain.url, `ann:${SECRET}@`)).toEqual({ tells: false, policy: 'noeviction' });
  });

  it('refuses users who may not, and wrong or missing passwords', async () => {
    await refused(/got it does not let this user do what a queue needs \(eval\)$/, plain.url, `bob:${SECRET}@`);
    await refused(/got it refuses user or password$/, plain.url, `:wrong-${SECRET}@`);
    await refused(/got it asks for a password: set REDIS_PASSWORD$/, plain.url, '');
  });

  it('refuses a database that is not there, and a replica', async () => {
    await refused(/got no database 99 there$/, `${plain.url}/99`);
    const client = new (await queuePackages()).Redis(plain.port, { password: SECRET });
    try {
      await client.call('REPLICAOF', '127.0.0.1', '1');
      await refused(/got a replica, which takes no writes$/, plain.url);
      await client.call('REPLICAOF', 'NO', 'ONE');
    } finally {
      client.disconnect();
    }
  });

  it('says within seconds that a server has no TLS, or has it, or that nobody knows who signed its certificate', async (context) => {
    if (!secure) return context.skip('no openssl, or a server without TLS');
    await refused(
      /got one without TLS: the URL of such a server begins with redis:\/\/$/,
      plain.url.replace('redis', 'rediss'),
    );
    await refused(
      /got one with TLS: the URL of such a server begins with rediss:\/\/$/,
      secure.url.replace('rediss', 'redis'),
    );
    await refused(
      /got a certificate of nobody who is trusted \(\w+\): name the file .* NODE_EXTRA_CA_CERTS$/,
      secure.url,
    );
  }, 9000);

  it('says that nobody listens, or that the connection is closed', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await refused(/got (ECONNRESET|EPIPE|the connection was closed)$/, url);
    await new Promise((resolve) => server.close(resolve));
    await refused(/got ECONNREFUSED$/, url);
  });
});

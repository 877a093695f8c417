import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { queueAddress } from './address.js';

describe('queueAddress(text, environment)', () => {
  it('reads the URL, and takes from the environment what it leaves out', () => {
    expect(queueAddress('redis://host', {})).toMatchObject({
      shown: 'redis://host',
      name: 'ganscope',
      prefix: 'bull',
      server: { host: 'host', port: 6379, db: 0 },
    });
    const environment = { REDIS_URL: 'rediss://[::1]:6380/2', REDIS_USERNAME: 'ann', REDIS_PASSWORD: 'secret' };
    const { server, ...rest } = queueAddress('', { ...environment, GANSCOPE_QUEUE: 'night', BULL_PREFIX: '{b}' });
    expect(rest).toEqual({ shown: 'rediss://[::1]:6380/2', name: 'night', prefix: '{b}' });
    expect(server).toEqual({ host: '::1', port: 6380, db: 2, username: 'ann', tls: {} });
    expect(server.password).toBe('secret');
    // Only names of hosts may be said in TLS.
    expect(queueAddress('rediss://host', {}).server.tls).toEqual({ servername: 'host' });
    expect(queueAddress('redis://:a%40b@host', environment).server.password).toBe('a@b');
  });

  it('lets no password be printed', () => {
    const address = queueAddress('redis://ann:secret@host:1/0', {});
    for (const text of [inspect(address, { depth: 9 }), JSON.stringify(address), address.shown])
      expect(text).not.toContain('secret');
  });

  it.each([
    ['', /^queue: expected the URL of a Redis or Valkey server, .*REDIS_URL$/],
    ['localhost:6379', /^queue: expected the URL/],
    ['http://ann:secret@host', /^queue: expected the URL .*; got http:\/\/host$/],
    ['redis://ann:secret@host/db', /^queue: expected the URL .*; got redis:\/\/host\/db$/],
    ['redis://host?password=secret', /^queue: expected a URL without \? and #; got redis:\/\/host$/],
    ['redis://ann:secret@ho st', /^queue: expected the URL .*; got no URL$/],
  ])('refuses %j, without its password', (text, message) => {
    expect(() => queueAddress(text, {})).toThrow(message);
    expect(() => queueAddress(text, {})).not.toThrow(/secret/);
  });

  it('refuses names that are no keys', () => {
    expect(() => queueAddress('redis://host', { GANSCOPE_QUEUE: 'a:b' })).toThrow(/^GANSCOPE_QUEUE: expected up to 64/);
  });
});

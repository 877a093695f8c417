// Checks the Dockerfiles where no docker engine is at hand: every source of a COPY exists, images have a fixed version, the user has no
// privileges, the health check works. The steps of `Dockerfile` are carried out, each in a folder that stands for the image.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** The instructions of a Dockerfile, continued lines joined. */
function instructions(file) {
  const lines = readFileSync(join(root, file), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, rest] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
      if (name === undefined) throw new Error(`${file}: not an instruction: ${line}`);
      return { name, rest: rest.replaceAll(/\s+/g, ' ') };
    });
}

function check(file) {
  const all = instructions(file);
  const fail = (text) => {
    throw new Error(`${file}: ${text}`);
  };
  for (const { name, rest } of all) {
    if (name === 'FROM' && !/:\S*\d/.test(rest)) fail(`expected an image with a version; got ${rest}`);
    if (name !== 'COPY' || rest.startsWith('--from=')) continue;
    for (const source of rest.split(' ').slice(0, -1))
      if (!existsSync(join(root, source))) fail(`COPY: there is no ${source}`);
  }
  const final = all.slice(all.findLastIndex(({ name }) => name === 'FROM'));
  const user = final.findLast(({ name }) => name === 'USER')?.rest;
  if (user === undefined || /^(root|0)\b/.test(user)) fail('expected a USER without privileges');
  for (const name of ['HEALTHCHECK', 'CMD', 'EXPOSE'])
    if (!final.some((each) => each.name === name)) fail(`expected ${name}`);
  console.log(`${file}: ${all.length} instructions; sources exist; runs as ${user}, with a health check`);
}

/** Carries out the stages in folders; returns the last one's folder, environment, command and health check. */
function carriedOut(file, work) {
  const stages = new Map();
  let stage;
  const inside = (path) => join(stage.folder, path.startsWith('/') ? path : join(stage.at, path));
  for (const { name, rest } of instructions(file)) {
    if (name === 'FROM') {
      const title = / AS (\w+)$/i.exec(rest)?.[1] ?? 'final';
      stage = { folder: join(work, title), at: '/', env: {} };
      mkdirSync(join(stage.folder, 'tmp'), { recursive: true });
      stages.set(title, stage);
    } else if (name === 'WORKDIR') {
      stage.at = rest;
      mkdirSync(inside(rest), { recursive: true });
    } else if (name === 'ENV') {
      for (const pair of rest.split(' ')) {
        const [key, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
        stage.env[key] = value.replaceAll('$PATH', process.env.PATH).replace(/^\/(?=opt\/)/, `${stage.folder}/`);
      }
    } else if (name === 'COPY') {
      const [, from, words] = /^(?:--from=(\w+) )?(.*)$/.exec(rest);
      const target = words.split(' ').at(-1);
      for (const source of words.split(' ').slice(0, -1)) {
        if (from !== undefined) {
          const place = join(stages.get(from).folder, dirname(source));
          const pattern = new RegExp(`^${basename(source).replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
          for (const found of readdirSync(place).filter((each) => pattern.test(each)))
            cpSync(join(place, found), join(inside(target), found));
          continue;
        }
        // What git knows stands for what .dockerignore leaves.
        const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', source], {
          cwd: root,
          encoding: 'utf8',
        });
        for (const path of files.trim().split('\n')) {
          const to = join(inside(target), path);
          mkdirSync(dirname(to), { recursive: true });
          cpSync(join(root, path), to);
        }
      }
    } else if (name === 'RUN') {
      // Only the image has the user, and only there may owners be changed.
      const command = rest
        .replace(/ && chown -R \S+ \S+/, '')
        .replaceAll(/(?<=\s)\/(tmp|work|opt)\b/g, `${stage.folder}/$1`);
      const env = { ...process.env, ...stage.env };
      const { status, stdout, stderr } = spawnSync('bash', ['-ec', command], {
        cwd: inside('.'),
        env,
        encoding: 'utf8',
      });
      if (status !== 0)
        throw new Error(`${file}: RUN ${rest}: exit code ${status}\n${stdout.slice(-2000)}${stderr.slice(-2000)}`);
      console.log(`  RUN ${rest.slice(0, 100)}`);
    } else if (name === 'CMD') {
      stage.command = JSON.parse(rest);
    } else if (name === 'HEALTHCHECK') {
      stage.health = JSON.parse(/CMD (\[.*\])$/.exec(rest)[1]);
    }
  }
  return stage;
}

check('Dockerfile');
check('Dockerfile.cuda');
// Images are of Linux; so are their commands.
if (process.platform !== 'linux') process.exit();
const work = mkdtempSync(join(tmpdir(), 'ganscope-container-'));
try {
  const { folder, at, env, command, health } = carriedOut('Dockerfile', work);
  const options = { cwd: join(folder, at), env: { ...process.env, ...env } };
  const healthy = () => spawnSync(health[0], health.slice(1), options).status === 0;
  if (healthy()) throw new Error('Dockerfile: the health check passes without a server, or port 8765 is in use');
  const server = spawn(command[0], command.slice(1), { ...options, stdio: 'ignore' });
  try {
    const patience = Date.now() + 30_000;
    while (!healthy()) {
      if (Date.now() > patience || server.exitCode !== null)
        throw new Error('Dockerfile: the health check fails beside the server');
      await new Promise((resume) => setTimeout(resume, 500));
    }
    console.log('  CMD starts, and the health check passes');
  } finally {
    server.kill();
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}

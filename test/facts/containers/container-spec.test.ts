import { describe, expect, it } from 'vitest';
import { containerSpec } from '../../../src/facts/containers/container-spec.ts';
import { layerWritesFunction } from '../../../src/facts/containers/container-spec-script.ts';
import { replacements } from '../../../src/facts/containers/replacements.ts';
import { runScript } from '../real-shell.ts';
import { recordedDockers, recordedSpec, recordedText } from '../recorded-specs.ts';

describe.each(recordedDockers)('what %s says of a container', (docker) => {
  it('is everything but what may be a secret', () => {
    expect(recordedText(docker, 'secrets')).not.toMatch(/correct horse|secret-tag/);
    const spec = recordedSpec(docker, 'secrets');
    expect(spec.env.map(({ name }) => name)).toContain('PASSWORD');
    expect(spec.logOptions).toEqual(['max-file', 'max-size', 'tag']);
    expect(spec.hostConfig['LogConfig']).toEqual({ Type: 'json-file' });
    expect(Object.keys(spec.config)).not.toContain('Cmd');
  });

  it('tells what comes from the image from what is its own', () => {
    const own = recordedSpec(docker, 'env-of-its-own');
    const whose = new Map(own.env.map(({ name, inherited }) => [name, inherited]));
    expect(whose.get('SHARED')).toBe(true);
    expect(whose.get('FROM_IMAGE')).toBe(false);
    expect([...whose.keys()]).toEqual(expect.arrayContaining(['EMPTY', 'EQUALS', 'QUOTES', 'LETTERS', 'LINES']));
    expect(recordedSpec(docker, 'cleared-entrypoint').hidden).toContainEqual({
      key: 'Entrypoint',
      set: false,
      inherited: false,
    });
    expect(own.hidden).toContainEqual({ key: 'Entrypoint', set: true, inherited: true });
    expect(own.imageNow).toBe(own.image);
    expect(own.imageConfig).toMatchObject({ Labels: { from: 'image' } });
  });

  it('is found among what is said of several, and none that was left in the middle is taken for one', () => {
    const texts = ['secrets', 'two-networks', 'anonymous'].map((name) => recordedText(docker, name));
    const [first = '', second = '', third = ''] = texts.map((text) => /"id":"([0-9a-f]{64})"/.exec(text)?.[1] ?? '');
    const [one = '', two = '', three = ''] = texts;
    const stdout = `for ${first}\n${one}for ${second}\n${two.slice(0, 700)}\nfor ${third}\n${three}`;
    const of = (id: string): unknown => {
      const printed = { status: 1, stdout, stderr: 'Error: it was removed' };
      return containerSpec.parse(containerSpec.part?.(printed, [id]) ?? printed, [id]);
    };
    expect(of(first)).toEqual(recordedSpec(docker, 'secrets'));
    expect(of(third)).toEqual(recordedSpec(docker, 'anonymous'));
    expect(() => of(second)).toThrow('it was removed');
    expect(() => of('0'.repeat(64))).toThrow('it was removed');
  });

  it('has its networks, mounts and health', () => {
    const spec = recordedSpec(docker, 'two-networks');
    expect(spec.networks['lab-a']).toMatchObject({ IPAMConfig: { IPv4Address: '10.91.0.50' } });
    expect(recordedSpec(docker, 'anonymous').mounts.map((mount) => mount['Destination'])).toEqual([
      '/anonymous',
      '/anonymous-mount',
    ]);
    expect(recordedSpec(docker, 'health').healthCheck).toMatchObject({ Interval: 1e9, Retries: 2 });
    expect(recordedSpec(docker, 'plain').healthCheck).toBeNull();
    expect(recordedSpec(docker, 'never-started').state).toMatchObject({ status: 'created', running: false });
  });

  it('is not guessed when it is cut, or another container is described', () => {
    const text = recordedText(docker, 'plain');
    const id = recordedSpec(docker, 'plain').id;
    const failing = expect.objectContaining({ code: 'fact-unreadable' });
    expect(() => containerSpec.parse({ status: 0, stdout: text.slice(0, 700), stderr: '' }, [id])).toThrow(failing);
    expect(() => containerSpec.parse({ status: 0, stdout: text, stderr: '' }, ['0'.repeat(64)])).toThrow(failing);
    expect(() => containerSpec.parse({ status: 1, stdout: '', stderr: 'Error: No such container' }, [id])).toThrow(
      failing,
    );
  });
});

describe('what was written to a layer', () => {
  const writes = (diff: string, mounted = ''): string => {
    const script = `docker() { printf '%s\\n' "$2" >/dev/null; printf '%s' '${diff}'; }\n${layerWritesFunction}\nprintf '%s' '${mounted}' | layer_writes x`;
    return runScript(script).stdout;
  };

  it('names files, and directories only when nothing in them is named', () => {
    expect(writes('C /etc\nC /etc/app.conf\nA /data\nA /data/a b\nD /bin/old\n')).toBe(
      'write C /etc/app.conf\nwrite A /data/a b\nwrite D /bin/old\n',
    );
    expect(writes('A /empty\n')).toBe('write A /empty\n');
  });

  it('counts what is not meant to last, and leaves out what Docker makes, and mount points', () => {
    expect(
      writes(
        'C /tmp\nA /tmp/x\nC /run\nA /run/app.pid\nC /var\nC /var/run\nA /var/run/y\nC /root\nA /root/.ash_history\nC /sbin\nA /sbin/docker-init\nA /mnt\nA /mnt/volume\n',
        'mounted /mnt/volume\n',
      ),
    ).toBe('passes /tmp/x\npasses /run/app.pid\npasses /var/run/y\npasses /root/.ash_history\npassing 4\n');
    expect(writes('C /tmp\nC /run\nC /var\nC /var/tmp\nA /dev/x\n')).toBe('');
    expect(
      writes(
        `C /tmp\n${Array.from({ length: 9 }, (_, index) => `A /tmp/${String(index)}\n`).join('')}D /run/image-file\n`,
      ),
    ).toBe('passes /tmp/0\npasses /tmp/1\npasses /tmp/2\npasses /tmp/3\npasses /tmp/4\npassing 10\n');
    expect(writes('A /runs\nA /tmpfile\n')).toBe('write A /runs\nwrite A /tmpfile\n');
  });

  it('fails when docker diff does', () => {
    expect(runScript(`docker() { return 1; }\n${layerWritesFunction}\nlayer_writes x </dev/null`).status).not.toBe(0);
  });
});

describe('replacements', () => {
  const old = 'a'.repeat(64);
  const text = (step: string, fresh = 'b'.repeat(64)): string =>
    `old ${old}\nname app\nrestart on-failure:3\nwas running\nnew ${fresh}\nstep ${step}\n`;
  const parse = (stdout: string, status = 0) => replacements.parse({ status, stdout, stderr: '' }, []);

  it('are read as they are written', () => {
    expect(parse('end\n')).toEqual([]);
    expect(parse(`${text('stopping')}end\n`)).toEqual([
      { old, new: 'b'.repeat(64), name: 'app', restart: 'on-failure:3', wasRunning: true, step: 'stopping' },
    ]);
    expect(parse(`${text('creating', '')}${text('done').replace(old, 'c'.repeat(64))}end\n`)).toMatchObject([
      { old, new: undefined, step: 'creating' },
      { old: 'c'.repeat(64), step: 'done' },
    ]);
  });

  it('are not guessed', () => {
    for (const stdout of ['', text('stopping'), `${text('dancing')}end\n`, `old x\nend\n`])
      expect(() => parse(stdout)).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });
});

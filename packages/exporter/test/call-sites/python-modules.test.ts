import { describe, expect, test } from 'vitest';
import { PythonModules } from '../../src/call-sites/index.js';

const folders = {
  libdest: 'node:internal',
  sitePackages: ['/srv/app/node_modules/a/node_modules', '/srv/app/node_modules'],
  sysPath: ['/srv/app'],
};

const stackOf = (files: readonly string[]) => files.map((file) => ({ functionName: 'f', file }));

describe('with the folders of the capture, as in memray', () => {
  const moduleOf = (...files: string[]) =>
    new PythonModules(folders, { guess: false }).moduleOf(stackOf(files));

  test.each([
    ['/srv/app/node_modules/express/lib/router.js', 'express'],
    ['/srv/app/node_modules/@scope/pkg/index.js', '@scope'],
    ['/srv/app/node_modules/a/node_modules/b/index.js', 'b'],
    ['/srv/app/src/server.js', 'src'],
    ['/srv/app/server.js', 'server'],
    ['/elsewhere/tool.min.js', 'tool'],
    ['node:fs', 'node:fs'],
    ['', 'unknown'],
    ['/srv/app/package/__init__.py', 'package'],
    ['/srv/appendix/x.js', 'x'],
    ['/opt/venv/lib/python3.11/site-packages/foo/a.py', 'a'],
  ])('%s belongs to %s', (file, module) => {
    expect(moduleOf(file)).toBe(module);
  });

  test('skips frames of the standard library, from the innermost outwards', () => {
    expect(moduleOf('node:internal/timers', '<frozen runpy>', '/srv/app/src/a.js')).toBe('src');
    expect(moduleOf('node:internal/timers')).toBe('<root>');
    expect(moduleOf()).toBe('<root>');
    expect(moduleOf('/srv/app/node_modules/memray/x.py', '/srv/app/src/a.js')).toBe('<root>');
  });
});

const NOWHERE = { libdest: '', sitePackages: [], sysPath: [] };

describe('with the usual places, when the capture has no folders', () => {
  const python = new PythonModules(NOWHERE, { guess: true });

  test.each([
    ['Debian', '/usr/lib/python3/dist-packages/requests/api.py', 'requests'],
    ['Debian, local', '/usr/local/lib/python3.11/dist-packages/requests/api.py', 'requests'],
    ['Red Hat, 64 bit', '/usr/lib64/python3.12/site-packages/numpy/core/numeric.py', 'numpy'],
    ['Red Hat, free-threaded', '/usr/lib64/python3.13t/site-packages/numpy/core/numeric.py', 'numpy'],
    [
      'a virtual environment',
      '/opt/airflow-venv/lib/python3.11/site-packages/airflow/models/dag.py',
      'airflow',
    ],
    ['a user', '/home/me/.local/lib/python3.11/site-packages/attr/_make.py', 'attr'],
    ['a user of macOS', '/Users/me/Library/Python/3.9/lib/python/site-packages/yaml/loader.py', 'yaml'],
    ['conda', '/opt/conda/envs/ml/lib/python3.10/site-packages/torch/nn/modules.py', 'torch'],
    ['pyenv', '/home/me/.pyenv/versions/3.12.1/lib/python3.12/site-packages/rich/text.py', 'rich'],
    ['PDM', '/srv/app/__pypackages__/3.12/lib/click/core.py', 'click'],
    ['a module of one file', '/opt/venv/lib/python3.11/site-packages/six.py', 'six'],
    ['an extension', '/opt/venv/lib/python3.11/site-packages/_cffi.cpython-311-x86_64-linux-gnu.so', '_cffi'],
    ['a package itself', '/opt/venv/lib/python3.11/site-packages/attr/__init__.py', 'attr'],
    ['an egg', '/opt/venv/lib/python3.6/site-packages/foo-1.0-py3.6.egg/foo/bar.py', 'foo'],
    ['a wheel of pex', '/home/me/.pex/installed_wheels/0/ab/foo-1.0-py3-none-any.whl/foo/bar.py', 'foo'],
    ['a zip file', '/srv/bundle.zip/foo/bar.py', 'foo'],
    ['a program in one file', '/srv/tool.pyz/__main__.py', 'tool'],
    ['Windows', 'C:\\venv\\Lib\\site-packages\\numpy\\core\\numeric.py', 'numpy'],
    ['Windows, in a different case', 'c:/venv/lib/Site-Packages/numpy/core/numeric.py', 'numpy'],
    ['an editable install', '/home/me/proj/src/foo/bar.py', 'foo'],
    ['the program in a container', '/usr/src/app/main.py', 'main'],
    ['a program of one file', '/srv/app.py', 'app'],
    ['vendored', '/opt/venv/lib/python3.11/site-packages/pip/_vendor/rich/text.py', 'pip'],
    ['a folder named like Python', '/srv/python3.11/app.py', 'app'],
    ['a folder lib', '/srv/lib/app.py', 'app'],
    ['a folder lib on Windows', 'C:\\srv\\python-app\\lib\\app.py', 'app'],
    ['evaluated', '<string>', '<string>'],
    ['a dot file', '/srv/.profile.py', 'unknown'],
  ])('%s', (_, file, module) => {
    expect(python.moduleOfFile(file)).toBe(module);
  });

  test.each([
    ['Debian', '/usr/lib/python3.11/threading.py'],
    ['Red Hat', '/usr/lib64/python3.12/asyncio/events.py'],
    ['free-threaded', '/usr/local/lib/python3.13t/threading.py'],
    ['macOS', '/Library/Frameworks/Python.framework/Versions/3.12/lib/python3.12/json/decoder.py'],
    ['Nix', '/nix/store/abc-python3-3.11.9/lib/python3.11/json/decoder.py'],
    ['PyPy', '/opt/pypy/lib/pypy3.10/json/decoder.py'],
    ['an older PyPy', '/opt/pypy3.6/lib-python/3/json/decoder.py'],
    ['zipped', '/usr/lib/python311.zip/json/decoder.py'],
    ['python.org for Windows', 'C:\\Program Files\\Python313\\Lib\\json\\decoder.py'],
    ['32 bit', 'C:\\Python313-32\\Lib\\json\\decoder.py'],
    ['conda for Windows', 'C:\\ProgramData\\miniconda3\\Lib\\json\\decoder.py'],
    ['an environment of conda', 'C:\\ProgramData\\miniconda3\\envs\\ml\\Lib\\json\\decoder.py'],
    [
      'the store',
      'C:\\Program Files\\WindowsApps\\PythonSoftwareFoundation.Python.3.12_3.12.1_x64__q\\Lib\\ast.py',
    ],
    ['frozen', '<frozen importlib._bootstrap>'],
    [
      'pip before it is installed',
      '/usr/lib/python3.11/ensurepip/_bundled/pip-24.0-py3-none-any.whl/pip/main.py',
    ],
  ])('skips the standard library: %s', (_, file) => {
    expect(python.moduleOfFile(file)).toBeUndefined();
  });
});

test('prefers the given folders to the usual places', () => {
  const venv = '/opt/venv/lib/python3.11/site-packages';
  const python = new PythonModules(
    { libdest: '/opt/python/lib/python3.11', sitePackages: [venv], sysPath: ['/srv/app', '/srv/lib.zip'] },
    { guess: true },
  );
  expect(python.moduleOfFile(`${venv}/foo/site-packages/bar.py`)).toBe('foo');
  expect(python.moduleOfFile('/opt/python/lib/python3.11/threading.py')).toBeUndefined();
  expect(python.moduleOfFile('/usr/lib64/python3.13t/threading.py')).toBeUndefined();
  expect(python.moduleOfFile('/srv/app/src/foo/bar.py')).toBe('src');
  expect(python.moduleOfFile('/srv/lib.zip/foo/bar.py')).toBe('foo');
});

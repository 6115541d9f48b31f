// Projects outside the workspace with our packed packages installed, as a user has them.
import { placeOf } from './manifest.js';

export type ProjectName = 'sdk-2' | 'sdk-3' | 'bare' | 'auto-instrumentations' | 'build-tools' | 'launchers';

/** Projects that also exist without the optional @datadog/pprof. */
export const PROJECT_NAMES: readonly ProjectName[] = ['sdk-2', 'sdk-3', 'bare', 'auto-instrumentations'];

export interface ProjectOptions {
  /** Selects the project without the optional @datadog/pprof. */
  omitOptional?: boolean;
}

/** Returns the folder of a prepared project, shared by all tests: read it, run in it, write nothing into it. */
export function project(name: ProjectName, { omitOptional = false }: ProjectOptions = {}): string {
  return placeOf(`project-${name}${omitOptional ? '-reduced' : ''}`);
}

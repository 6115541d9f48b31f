import { gzipSync } from 'node:zlib';
import {
  type CaptureAmounts,
  CaptureContents,
  type CaptureSnapshot,
  isNodeCapture,
} from '@heapray/exporter/memray';
import { makePageData } from '@heapray/exporter/page';
import { encodePprofGzip } from '@heapray/exporter/pprof';
import type { Profile } from '@heapray/exporter/profile';
import { symbolizeProfile } from '@heapray/exporter/symbols';
import { ownPackage } from '../../own-package.js';
import { captureChange, captureProfile, type DefaultColumn, mergedProfile } from './capture-profile.js';

/** Encoding of a profile: gzipped pprof, with an address for each function or not, or the JSON of the live page, as it is or gzipped. */
export type ProfileForm = 'pprof' | 'pprof with addresses' | 'page' | 'page.gz';

/** The data of a profile to make. It can be posted to another thread. */
export interface ProfileJob extends ComponentJob {
  readonly form: ProfileForm;
  /** A component to compare with, for the live page; undefined for one profile. */
  readonly other?: ComponentJob | undefined;
}

/** The data of the profile of one component. */
export interface ComponentJob {
  readonly component: string;
  readonly defaultColumn: DefaultColumn;
  /** Captures of one component: of a process and of the processes it forked. At least one; each has a header. */
  readonly captures: readonly CaptureAtMoment[];
  /** True for a profile of changes. Otherwise `before` is ignored. */
  readonly isChange: boolean;
}

export interface CaptureAtMoment {
  readonly snapshot: CaptureSnapshot;
  /** Amounts at the earlier moment; undefined for a run that had not started then. */
  readonly before?: CaptureAmounts | undefined;
}

/** Makes a profile in its form. Native frames are named by the symbol tables on this machine. */
export async function makeProfile(job: ProfileJob): Promise<Uint8Array> {
  const made = componentProfile(job);
  if (job.form === 'pprof' || job.form === 'pprof with addresses') {
    const addresses = job.form === 'pprof with addresses';
    return encodePprofGzip(made.profile, { mainBinary: made.command || 'python', addresses });
  }
  const all = [made, ...(job.other === undefined ? [] : [componentProfile(job.other)])];
  const data = makePageData(
    all.map(({ profile, name, isExact }) => ({ profile, name, ...(isExact && { samplingInterval: 0 }) })),
  );
  const json = Buffer.from(JSON.stringify(data));
  return job.form === 'page' ? json : gzipSync(json);
}

interface MadeProfile {
  readonly profile: Profile;
  readonly name: string;
  /** Name of the program; undefined when unknown. */
  readonly command: string | undefined;
  /** True if every allocation was recorded: by memray, not by heapray, whose captures are of samples. */
  readonly isExact: boolean;
}

function componentProfile({ component, defaultColumn, captures, isChange }: ComponentJob): MadeProfile {
  const contents = captures.map(({ snapshot }) => CaptureContents.of(snapshot, ownPackage));
  const profiles = contents.map((capture, at) =>
    isChange
      ? captureChange(capture, captures[at]!.before, component, defaultColumn)
      : captureProfile(capture, component, defaultColumn),
  );
  return {
    profile: symbolizeProfile(mergedProfile(contents, profiles), { keepPlaces: true }),
    name: component,
    command: contents[0]?.header?.commandLine.split(' ', 1)[0],
    isExact: contents.every(({ header }) => header !== undefined && !isNodeCapture(header)),
  };
}

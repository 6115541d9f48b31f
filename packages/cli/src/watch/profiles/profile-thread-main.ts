// Entry point of the thread that makes one profile.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../errors.js';
import { makeProfile, type ProfileJob } from './profile-job.js';

/** The single message posted by the thread. */
export type ProfileThreadAnswer = { readonly profile: Uint8Array } | { readonly failure: string };

async function answer(): Promise<ProfileThreadAnswer> {
  try {
    return { profile: await makeProfile(workerData as ProfileJob) };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}

parentPort!.postMessage(await answer());

import { ProfileMaker, type ProfileMakerDeps } from '../profile-maker.js';
import { PollsForRequests, type PollsForRequestsDeps } from './polls-for-requests.js';
import { RequestedProfiles } from './requested-profiles.js';

/** The objects that make profiles. There is one of each for all requests, so that they share one CPU budget. */
export interface ProfileRequests {
  readonly readings: PollsForRequests;
  readonly profiles: ProfileMaker;
  readonly requested: RequestedProfiles;
}

export interface ProfileRequestsDeps extends PollsForRequestsDeps, ProfileMakerDeps {
  readonly loop: PollsForRequestsDeps['loop'] & ProfileMakerDeps['loop'];
}

export function profileRequests(deps: ProfileRequestsDeps): ProfileRequests {
  const readings = new PollsForRequests(deps);
  const profiles = new ProfileMaker(deps);
  return { readings, profiles, requested: new RequestedProfiles(profiles, readings) };
}

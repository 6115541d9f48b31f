// Sends a `Profile` to another thread. Loads nothing but the profile's tables, because an application's main thread loads it.
export { buffersOf, type PackedProfile, packProfile, unpackProfile } from './pack-profile.js';

export { type HttpAnswer, textAnswer } from './http-answer.js';
export { HttpError } from './http-error.js';
export type { HttpRequest } from './http-request.js';
export { addressText, type ListenAddress } from './listen-address.js';
export { pprofPages } from './pprof-pages.js';
export type { ProfilePage, ProfileQuery, ProfileSource } from './profile-source.js';
export { type HttpHandler, type HttpServer, startHttpServer } from './start-http-server.js';

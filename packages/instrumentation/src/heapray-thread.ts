// Entry file of the profiler thread. Its name is unlikely to exist already in a bundle's folder.
import './profiler-thread/main.js';

// The file that the profiler thread is started with. Its name is not one that a bundle's folder may hold already.
import './agent/main.js';

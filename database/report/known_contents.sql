SELECT digest FROM files

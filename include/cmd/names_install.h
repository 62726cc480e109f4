/* SPDX-License-Identifier: MIT */
/*
 * cmd/names_install.h - lay links of other tools' names to hale, and list them
 *
 * Nothing that lies there is overwritten or removed.
 */
#ifndef HALE_CMD_NAMES_INSTALL_H
#define HALE_CMD_NAMES_INSTALL_H

/*
 * `hale --install-names [DIR [NAME...]]`; argv has the argc words. Makes
 * DIR/NAME a link to hale's own file, for each of the names, or for all but
 * those of kind NAME_SHELL if there is none. DIR is made if only its last part
 * is missing; without it, it is the folder that hale lies in, and the links
 * are relative. What already leads to hale stays as it is.
 * Returns CMD_OK; CMD_USAGE for a name that hale does not have, or for a DIR
 * that is one of the names; CMD_FAILED if a place is taken, DIR cannot be
 * written or hale's file is not known. Both are said in one line, and no link
 * is made if a place is taken. If a link cannot be made, the ones before it
 * stay, and the next call goes on from there. The current directory is DIR
 * afterwards.
 */
int names_install(int argc, char **argv);

/* `hale help names`: which name is which. Returns CMD_OK or CMD_FAILED. */
int names_print(void);

#endif

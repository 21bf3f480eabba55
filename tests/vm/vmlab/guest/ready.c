/* Has the pages of a command of LVM ready before it runs. In User Mode Linux the first touch of a page costs 0.1 ms, and it touches 1,800:
   the table of all its commands (a large .bss, by which it is known here) and its code are taken by two system calls. Python has no gain. */
#define _GNU_SOURCE
#include <link.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define LARGE (256 * PAGE)

static void take(unsigned long from, unsigned long to, int how, int protection)
{
	if (madvise((void *)from, to - from, how))
		return;
	/* a change of what is allowed has the kernel hand over all pages that it has, at once */
	mprotect((void *)from, to - from, PROT_READ);
	mprotect((void *)from, to - from, protection);
}

static int of_object(struct dl_phdr_info *object, size_t size, void *data)
{
	unsigned long code = 0, code_end = 0;
	for (int number = 0; number < object->dlpi_phnum; number++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[number];
		unsigned long begin = object->dlpi_addr + part->p_vaddr, end = (begin + part->p_memsz + PAGE - 1) & -PAGE;
		unsigned long bss = (begin + part->p_filesz + PAGE - 1) & -PAGE;
		if (part->p_type != PT_LOAD)
			continue;
		if (part->p_flags & PF_X)
			code = begin & -PAGE, code_end = end;
		if (!(part->p_flags & PF_W) || end < bss + LARGE)
			continue;
		take(bss, end, MADV_POPULATE_WRITE, PROT_READ | PROT_WRITE);
		take(code, code_end, MADV_POPULATE_READ, PROT_READ | PROT_EXEC);
	}
	return 1; /* the program alone, not its libraries */
}

__attribute__((constructor)) static void ready(void)
{
	dl_iterate_phdr(of_object, 0);
}

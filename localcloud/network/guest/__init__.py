"""What runs inside a local VM. Self-contained, so that it loads in little time and without the rest of the house:
the VM's processes put the folder above on their path and import it as `guest`.

kernel.py     the system calls that the standard library lacks: namespaces, mounts
view.py       the VM's file view: its disk as root, the host's programs read-only
init.py       process 1 of a VM: builds the view, boots, reaps
joining.py    joins a running VM's namespaces and runs a script there
booting.py    what happens at each boot: the enabled units, and cloud-init
cloudinit.py  custom data to actions: pure
performing.py does what cloudinit.py found
units.py      systemd unit files: pure
service.py    units by name: start, stop, enable, state
supervisor.py runs one unit: starts, watches, restarts, stops
systemctl.py  the `systemctl` command of local VMs
keeper.py     stands for init.py where there are no namespaces; here.py for joining.py
place.py      where absolute paths of a VM really are (another root where there are no namespaces)
"""
